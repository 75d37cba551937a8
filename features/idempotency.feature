@must @idempotency
Feature: One payment, one effect
  Webhooks are delivered at least once. However often a payment is announced, the
  merchant credits it once and ships once; every further credit is money that was
  never received, every further parcel is a gift.

  @IDEM-01
  Scenario: The settled notification arrives three times
    Given an order of 250.00 USDT on tron
    When the payer sends 250.00 USDT
    And the network confirms the transfer
    And "payment.settled" is delivered 3 times
    Then the order is paid
    And exactly one credit of 250.00 USDT is posted
    And the order is fulfilled once

  @IDEM-01
  Scenario: The confirmation comes again after the order is done
    Given an order of 250.00 USDT on tron
    When the payer sends 250.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    And the notification is acknowledged
    When 2 hours pass
    And "payment.confirmed" is delivered again
    Then the order is still paid
    And exactly one credit of 250.00 USDT is posted
    And the order is fulfilled once

  @IDEM-01
  Scenario: Two orders of the same amount stay two orders
    Given an order of 99.00 USDT on tron
    When the payer sends 99.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered twice
    Then the order is paid
    Given another order of 99.00 USDT on tron
    When the payer sends 99.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered twice
    Then the order is paid
    And exactly one credit of 99.00 USDT is posted
    And the order is fulfilled once
    Given we turn to the first order
    Then exactly one credit of 99.00 USDT is posted
    And the order is fulfilled once

  @IDEM-01
  Scenario: Only the last notification arrives, and it arrives twice
    Given an order of 140.00 USDC on base
    When the payer sends 140.00 USDC
    And the network confirms the transfer
    And every other event is never delivered
    And "payment.settled" is delivered twice
    Then the order is paid
    And exactly one credit of 140.00 USDC is posted
    And the order is fulfilled once

  @should @IDEM-08
  Scenario: A copy is acknowledged as the first one was
    Given an order of 45.00 USDC on base
    When the payer sends 45.00 USDC
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    When "payment.confirmed" is delivered again
    Then the notification is acknowledged
    And exactly one credit of 45.00 USDC is posted

  @IDEM-02
  Scenario Outline: The same payment is announced again under a new event id: <event>
    Given an order of 250.00 USDT on tron
    When the payer sends 250.00 USDT
    And the network confirms the transfer
    And "<event>" is delivered
    And "<event>" is delivered again under a new event id
    Then the order is paid
    And exactly one credit of 250.00 USDT is posted
    And the order is fulfilled once

    Examples:
      | event             |
      | payment.confirmed |
      | payment.settled   |

  @IDEM-04
  Scenario: The confirmation is not taken for a copy of the first notice
    Given an order of 250.00 USDT on tron
    When the payer sends 250.00 USDT
    And "payment.paid" is delivered
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the notification is acknowledged
    And the order is paid
    And exactly one credit of 250.00 USDT is posted
    And the order is fulfilled once
