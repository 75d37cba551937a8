@must @ordering
Feature: Whatever the order of arrival, the end is the same
  No provider promises that notifications arrive in the order in which things happened.
  A paid order that an old notification turns back into an open one is chased, cancelled
  or shipped twice; an expiry that arrives late must not take back what was paid.

  @ORD-01
  Scenario Outline: The notifications arrive in the order <order>
    Given an order of 250.00 USDT on tron
    When the payer sends 250.00 USDT
    And the network confirms the transfer
    And the notifications arrive in the order <order>
    Then the order is paid
    And exactly one credit of 250.00 USDT is posted
    And the order is fulfilled once

    Examples:
      | order                    |
      | settled, confirmed, paid |
      | settled, paid, confirmed |
      | confirmed, settled, paid |
      | confirmed, paid, settled |
      | paid, settled, confirmed |

  @ORD-01
  Scenario: The first notice comes again when everything is done
    Given an order of 42.00 USDT on tron
    When the payer sends 42.00 USDT
    And the network confirms the transfer
    And the notifications arrive in the order paid, confirmed
    Then the order is paid
    When "payment.paid" is delivered again
    Then the order is still paid
    And exactly one credit of 42.00 USDT is posted
    And the order is fulfilled once

  @ORD-01
  Scenario: The notice that the payment exists comes last
    Given an order of 17.25 USDC on base
    When "payment.created" is held back
    And the payer sends 17.25 USDC
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    When "payment.created" is delivered
    Then the order is still paid
    And exactly one credit of 17.25 USDC is posted

  @ORD-02
  Scenario: An expiry that arrives late does not take back accepted money
    Given an order of 180.00 USDT on tron
    When "payment.expired" is held back
    And "payment.late" is never delivered
    And the payment expires
    And the payer sends 180.00 USDT
    And the provider accepts the payment
    And "payment.confirmed" is delivered
    Then the books agree with the provider
    When "payment.expired" is delivered
    Then the books agree with the provider
    Given another order of 180.00 USDT on tron
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid

  @ORD-06
  Scenario: Money that the provider accepts after the expiry is not lost
    Given an order of 180.00 USDT on tron
    When the payment expires
    And "payment.expired" is delivered
    And the payer sends 180.00 USDT
    And the provider accepts the payment
    And "payment.confirmed" is delivered
    Then the books agree with the provider
    Given another order of 180.00 USDT on tron
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
