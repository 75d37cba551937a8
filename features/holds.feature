@must @lifecycle
Feature: A payment that is held is neither lost nor won
  Screening can stop money that came, for hours or for good. Goods that leave in between
  leave against the rules of the provider; an order that nobody takes up again after the
  release is a customer who paid and waits.

  @LIFE-01
  Scenario: Held after it was seen, released, and confirmed
    Given an order of 220.00 USDT on tron
    When the payer sends 220.00 USDT
    And "payment.paid" is delivered
    And the provider holds the payment
    And "payment.held" is delivered
    Then nothing changes
    And no credit is posted
    And the order is not fulfilled
    When the provider releases the payment
    And "payment.released" is delivered
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    And exactly one credit of 220.00 USDT is posted
    And the order is fulfilled once

  @IDEM-02
  Scenario: A hold after the goods left books nothing twice when it ends
    Given an order of 220.00 USDT on tron
    When the payer sends 220.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    When the provider holds the payment
    And the provider releases the payment
    And "payment.released" is delivered
    Then the order is still paid
    And exactly one credit of 220.00 USDT is posted
    And the order is fulfilled once
    When "payment.released" is delivered again under a new event id
    Then exactly one credit of 220.00 USDT is posted
    And the order is fulfilled once

  @LIFE-06 @LIFE-01
  Scenario: Screening ends against the payment
    Given an order of 220.00 USDT on tron
    When the payer sends 220.00 USDT
    And "payment.paid" is delivered
    And the provider holds the payment
    And the provider rejects the payment
    And "payment.failed" is delivered
    Then the books agree with the provider
    And no credit is posted
    And the order is not fulfilled
    Given another order of 220.00 USDT on tron
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid

  @ORD-01
  Scenario: The hold is told after its end
    Given an order of 35.00 USDC on base
    When "payment.held" is held back
    And the payer sends 35.00 USDC
    And the provider holds the payment
    And the provider releases the payment
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    And "payment.paid" is delivered
    Then the order is paid
    When "payment.held" is delivered
    Then the order is still paid
    And exactly one credit of 35.00 USDC is posted

  @LIFE-01
  Scenario: Trying the endpoint out pays for nothing
    Given an order of 35.00 USDC on base
    When the payer sends 35.00 USDC
    And "payment.paid" is delivered
    And the provider tries the endpoint out
    And "webhook.test" is delivered
    Then nothing changes
    And no credit is posted
    And the notification is acknowledged
    When the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    And exactly one credit of 35.00 USDC is posted

  @LIFE-08
  Scenario: A payment that was called off stays without effect
    Given an order of 35.00 USDC on base
    When the provider cancels the payment
    And "payment.cancelled" is delivered
    Then the books agree with the provider
    And no credit is posted
    Given another order of 35.00 USDC on base
    When the payment expires
    And the payer sends 35.00 USDC
    And "payment.late" is delivered
    Then the books agree with the provider
    Given another order of 35.00 USDC on base
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
