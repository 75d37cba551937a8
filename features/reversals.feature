@must @lifecycle
Feature: What the network takes back was never money
  A transfer that was seen can be replaced, spent elsewhere or lost with its block, and even
  a confirmed one can be taken back by the chain. Goods and credits that rest on it are a
  gift, unless the books follow. And a customer who then pays again has paid.

  @IDEM-04 @LIFE-01
  Scenario: The coins are spent elsewhere, and the customer pays again
    Given an order of 90.00 USDT on tron
    When the payer sends 90.00 USDT
    And "payment.paid" is delivered
    Then nothing changes
    When the payer spends the coins elsewhere
    And "payment.reverted" is delivered
    Then the books agree with the provider
    And no credit is posted
    When the payer sends 90.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    And exactly one credit of 90.00 USDT is posted
    And the order is fulfilled once
    Given another order of 90.00 USDT on tron
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid

  @IDEM-01 @LIFE-01
  Scenario: A raised fee is the same money, not more of it
    Given an order of 0.0120 BTC on bitcoin
    When the payer sends 0.0120 BTC
    And "payment.paid" is delivered
    And the payer raises the fee of the transfer
    Then nothing changes
    And no credit is posted
    When the network confirms the transfer
    And "payment.confirmed" is delivered twice
    Then the order is paid
    And exactly one credit of 0.0120 BTC is posted
    And the order is fulfilled once
    Given another order of 0.0120 BTC on bitcoin
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid

  @LIFE-01
  Scenario: A replacement that brings less pays for less
    Given an order of 90.00 USDT on tron
    When the payer sends 90.00 USDT
    And "payment.paid" is delivered
    And the payer replaces the transfer by one of 9.00 USDT
    And "payment.reverted" is delivered
    Then the books agree with the provider
    And no credit is posted
    And the order is not fulfilled
    Given another order of 90.00 USDT on tron
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid

  @LIFE-01 @IDEM-04
  Scenario: A block is lost before the last confirmation, and its transfer comes back
    Given an order of 310.00 USDT on tron
    When the payer sends 310.00 USDT
    And "payment.paid" is delivered
    And the network adds 5 blocks
    And the network is reorganised
    And "payment.reverted" is delivered
    Then the books agree with the provider
    And no credit is posted
    When the lost transfer returns
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    And exactly one credit of 310.00 USDT is posted
    And the order is fulfilled once
    Given another order of 310.00 USDT on tron
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid

  @LIFE-02
  Scenario: A first block is not the last word
    Given an order of 410.00 USDT on tron
    When nothing is delivered
    And the payer sends 410.00 USDT
    And the network adds 1 block
    And the merchant reconciles
    Then nothing changes
    And no credit is posted
    When the network is reorganised
    And the merchant reconciles
    Then no credit is posted
    And the order is not fulfilled
    When the lost transfer returns
    And the network confirms the transfer
    And the merchant reconciles
    Then the order is paid
    And exactly one credit of 410.00 USDT is posted
    And the order is fulfilled once
    Given another order of 410.00 USDT on tron
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid

  @LIFE-03 @LIFE-01
  Scenario: What was confirmed is taken back, and the books follow
    Given an order of 640.00 USDC on base
    When the payer sends 640.00 USDC
    And "payment.paid" is delivered
    Then nothing changes
    When the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    When the network is reorganised
    And "payment.failed" is delivered
    Then the books agree with the provider
    Given another order of 640.00 USDC on base
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid

  @LIFE-07 @LIFE-01
  Scenario: The network stands still, and nothing is final until it goes on
    Given an order of 75.00 USDT on tron
    When the payer sends 75.00 USDT
    And "payment.paid" is delivered
    And the network stalls
    And 3 hours pass
    Then nothing changes
    And no credit is posted
    When the network goes on
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    And exactly one credit of 75.00 USDT is posted

  @LIFE-06 @LIFE-01
  Scenario: A transfer that is never confirmed buys nothing
    Given an order of 75.00 USDT on tron
    When the payer sends 75.00 USDT
    And "payment.paid" is delivered
    Then nothing changes
    When the network never confirms the transfer
    And "payment.failed" is delivered
    Then the books agree with the provider
    And no credit is posted
    And the order is not fulfilled
    Given another order of 75.00 USDT on tron
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
