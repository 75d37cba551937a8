@must @replay
Feature: Yesterday's news is not today's money
  A signature proves who wrote a message, its timestamp proves when. A merchant that
  does not look at the time can be paid with a recording: whoever once saw a message
  plays it back whenever that is worth something.

  @REPLAY-01
  Scenario: A stale confirmation has no effect, a fresh one has
    Given an order of 200.00 USDT on tron
    When a stale "payment.confirmed" arrives, signed 360 seconds ago
    Then nothing changes
    And no credit is posted
    When the payer sends 200.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    And exactly one credit of 200.00 USDT is posted

  @REPLAY-01
  Scenario: A notification that was a little slow is still good
    Given an order of 48.00 USDC on base
    When a stale "payment.confirmed" arrives, signed 360 seconds ago
    Then nothing changes
    When the payer sends 48.00 USDC
    And the network confirms the transfer
    And "payment.confirmed" is delivered, signed 150 seconds ago
    Then the order is paid
    And exactly one credit of 48.00 USDC is posted
    And the order is fulfilled once

  @should @REPLAY-03
  Scenario: What is dated in the future has no effect either
    Given an order of 26.00 USDC on base
    When a forged "payment.confirmed" arrives, signed 360 seconds ahead
    Then nothing changes
    And no credit is posted
    When the payer sends 26.00 USDC
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    And exactly one credit of 26.00 USDC is posted
