@must @rails
Feature: Every rail is counted in its own units
  Rails differ in decimals, in how many confirmations are enough, and in how payers are
  told apart. A journey that is right on one must be right on all that are switched on;
  those that the merchant does not take are left out, and listed.

  @LIFE-01 @IDEM-04
  Scenario Outline: Seen, confirmed and shipped: <amount> on <network>
    Given an order of <amount> on <network>
    When the payer pays exactly
    And "payment.paid" is delivered
    Then nothing changes
    And no credit is posted
    When the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    And exactly one credit of <amount> is posted
    And the order is fulfilled once

    Examples:
      | amount           | network |
      | 1000.000001 USDT | tron    |
      | 19.99 USDC       | base    |
      | 0.0045 BTC       | bitcoin |
      | 25.50 XRP        | xrpl    |

  @LIFE-01
  Scenario: A larger amount needs a further confirmation
    Given an order of 1.50 BTC on bitcoin
    When the payer pays exactly
    And "payment.paid" is delivered
    And the network adds 2 blocks
    Then nothing changes
    And no credit is posted
    When the network adds one block
    Then the order is paid
    And exactly one credit of 1.50 BTC is posted

  @IDEM-01
  Scenario: Copies are recognised on every rail
    Given an order of 0.00012345 BTC on bitcoin
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered 3 times
    Then the order is paid
    And exactly one credit of 0.00012345 BTC is posted
    And the order is fulfilled once
