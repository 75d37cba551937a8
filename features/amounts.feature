@amounts
Feature: What was paid is compared with what was asked
  A confirmation says that money is final, not that it is enough. A merchant that looks
  only at the status sells at any price the payer chooses; one that adds up running
  totals books more than it received. And whoever refuses what is short must take what is
  whole: a shop that takes nothing proves nothing.

  @must @AMT-01
  Scenario: One hundredth of the price buys nothing
    Given an order of 100.00 USDT on tron
    When the payer sends 1.00 USDT
    And the payment expires
    And the provider accepts the payment
    And "payment.confirmed" is delivered
    Then the books agree with the provider
    Given another order of 100.00 USDT on tron
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid

  @must @AMT-08
  Scenario: One atom short is short
    Given an order of 100.00 USDT on tron
    When the payer sends one atom too little
    And the payment expires
    And the provider accepts the payment
    And "payment.confirmed" is delivered
    Then the books agree with the provider
    Given another order of 100.00 USDT on tron
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid

  @must @ORD-07
  Scenario: A part of the price does not hide the expiry
    Given an order of 150.00 USDT on tron
    When the payer sends 60.00 USDT
    And "payment.underpaid" is delivered
    And the payment expires
    And "payment.expired" is delivered
    Then the books agree with the provider
    And no credit is posted
    And the order is not fulfilled
    Given another order of 150.00 USDT on tron
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid

  @should @AMT-12
  Scenario: Two halves are one price
    Given an order of 100.00 USDT on tron
    When the payer sends 50.00 USDT
    And the payer sends 50.00 USDT
    And the network confirms the transfers
    And "payment.confirmed" is delivered
    Then the order is paid
    And the order is fulfilled once
    And the books agree with the provider

  @should @AMT-12
  Scenario: The rest comes when the first part is long confirmed
    Given an order of 100.00 USDC on base
    When the payer sends 60.00 USDC
    And the network adds 10 blocks
    Then nothing changes
    And no credit is posted
    When the payer sends 40.00 USDC
    And the network confirms the transfers
    And "payment.confirmed" is delivered
    Then the order is paid
    And the order is fulfilled once
    And the books agree with the provider
