@must @lifecycle
Feature: Money is final when it is final, and late money is still money
  A transfer that was seen can still vanish: goods that leave before the agreed
  confirmations are a gift. And a customer who pays a minute late has paid: somebody
  must be told, or the money lies at the provider until the customer complains. Beside it
  stands a customer who pays in time, so that a shop which is always on hold passes nothing.

  @LIFE-01
  Scenario: A transfer that was only seen releases nothing
    Given an order of 400.00 USDT on tron
    When the payer sends 400.00 USDT
    And "payment.paid" is delivered
    Then nothing changes
    And no credit is posted
    When the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    And exactly one credit of 400.00 USDT is posted
    And the order is fulfilled once

  @LIFE-01
  Scenario: One confirmation short is not confirmed
    Given an order of 400.00 USDT on tron
    When the payer sends 400.00 USDT
    And "payment.paid" is delivered
    And the network adds 19 blocks
    Then nothing changes
    And no credit is posted
    When the network adds one block
    Then the order is paid
    And exactly one credit of 400.00 USDT is posted

  @LIFE-01
  Scenario: Being told three times that a transfer was seen makes it no more final
    Given an order of 55.00 USDC on base
    When the payer sends 55.00 USDC
    And "payment.paid" is delivered 3 times
    Then nothing changes
    And no credit is posted
    When the network confirms the transfer
    Then the order is paid
    And exactly one credit of 55.00 USDC is posted
    And the order is fulfilled once

  @LIFE-08
  Scenario: Money after the deadline is told to somebody
    Given an order of 130.00 USDT on tron
    When the payment expires
    And "payment.expired" is delivered
    And the payer sends 130.00 USDT
    And "payment.late" is delivered
    Then the books agree with the provider
    Given another order of 130.00 USDT on tron
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid

  @LIFE-08
  Scenario: A part of the price after the deadline is told to somebody
    Given an order of 130.00 USDT on tron
    When the payment expires
    And "payment.expired" is delivered
    And the payer sends 65.00 USDT
    And "payment.late" is delivered
    Then the books agree with the provider
    Given another order of 130.00 USDT on tron
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
