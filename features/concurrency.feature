@must @concurrency
Feature: Copies that arrive together count once
  A retry overtakes a slow first try; two workers pick up one message. A merchant that
  looks for a duplicate first and writes later lets all of them through, and each
  posts the full amount. One copy after the other would never show it.

  @RACE-01
  Scenario Outline: Five copies arrive at the same instant: <event>
    Given an order of 250.00 USDT on tron
    When the payer sends 250.00 USDT
    And the network confirms the transfer
    And "<event>" is delivered 5 times at once
    Then the order is paid
    And exactly one credit of 250.00 USDT is posted
    And the order is fulfilled once

    Examples:
      | event             |
      | payment.confirmed |
      | payment.settled   |

  @RACE-01
  Scenario: Every notification of a payment arrives in threes
    Given an order of 80.00 USDC on base
    When the payer sends 80.00 USDC
    And the network confirms the transfer
    And the notifications arrive in the order paid, confirmed, settled, each 3 times at once
    Then the order is paid
    And exactly one credit of 80.00 USDC is posted
    And the order is fulfilled once

  @RACE-01 @IDEM-01
  Scenario: A race, and a straggler after it
    Given an order of 310.00 USDT on tron
    When the payer sends 310.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered 4 times at once
    Then the order is paid
    And exactly one credit of 310.00 USDT is posted
    When "payment.confirmed" is delivered again
    Then the order is still paid
    And exactly one credit of 310.00 USDT is posted
    And the order is fulfilled once
