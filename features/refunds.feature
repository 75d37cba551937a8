@must @lifecycle @refunds
Feature: Money that goes back is booked once, and only when it went
  A refund that is booked twice pays the customer twice on paper, one that is booked before
  it arrives is a loss when it fails, and one that nobody books leaves revenue that is gone.
  Refunds are often started by people at the provider, and the merchant only hears of them.

  @IDEM-01
  Scenario: A part goes back, and is told three times
    Given an order of 100.00 USDT on tron
    When the payer sends 100.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered twice
    Then the order is paid
    When the provider refunds 60.00 USDT
    And the refund arrives
    And "refund.completed" is delivered 3 times
    Then the order is still paid
    And exactly one refund of 60.00 USDT is posted
    And exactly one credit of 100.00 USDT is posted
    And the order is fulfilled once

  @IDEM-04
  Scenario: Everything goes back
    Given an order of 100.00 USDT on tron
    When the payer sends 100.00 USDT
    And "payment.paid" is delivered
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    When the provider refunds everything
    And the refund is on its way
    And the refund arrives
    And "refund.completed" is delivered
    Then the order is refunded
    And exactly one refund of 100.00 USDT is posted
    And the books agree with the provider

  @REF-05
  Scenario: Two parts go back, one after the other
    Given an order of 100.00 USDT on tron
    When the payer sends 100.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    When the provider refunds 60.00 USDT
    And the refund arrives
    Then exactly one refund of 60.00 USDT is posted
    And the order is still paid
    When the provider refunds 40.00 USDT
    And the refund arrives
    Then exactly two refunds, together 100.00 USDT, are posted
    And the order is refunded

  @REF-06
  Scenario: A refund that fails gave nothing back
    Given an order of 100.00 USDT on tron
    When the payer sends 100.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    When the provider refunds 60.00 USDT
    And "refund.created" is delivered
    And the refund fails
    And "refund.failed" is delivered
    Then no refund is posted
    And the order is still paid
    And exactly one credit of 100.00 USDT is posted

  @should @REF-09
  Scenario: A refund that is still on its way is no refund yet
    Given an order of 100.00 USDT on tron
    When the payer sends 100.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    When the provider refunds everything
    And "refund.created" is delivered
    Then no refund is posted
    And the order is still paid
    When the refund arrives
    And "refund.completed" is delivered
    Then the order is refunded
    And exactly one refund of 100.00 USDT is posted

  @ORD-05
  Scenario: The refund is told before the payment
    Given an order of 100.00 USDT on tron
    When the notifications confirmed, settled are held back
    And "refund.created" is held back
    And the payer sends 100.00 USDT
    And the network confirms the transfer
    And the provider refunds everything
    And the refund arrives
    And "refund.completed" is delivered
    And "payment.confirmed" is delivered
    Then the order is refunded
    And the order is not fulfilled
    And the books agree with the provider

  @ORD-01
  Scenario: The settlement is told after the refund
    Given an order of 100.00 USDT on tron
    When "payment.settled" is held back
    And the payer sends 100.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    And "payment.paid" is delivered
    Then the order is paid
    When the provider refunds everything
    And the refund arrives
    And "refund.completed" is delivered
    Then the order is refunded
    When "payment.settled" is delivered
    Then the order is still refunded
    And exactly one refund of 100.00 USDT is posted

  @LIFE-08
  Scenario: Late money goes back to the customer
    Given an order of 100.00 USDT on tron
    When the payment expires
    And the payer sends 100.00 USDT
    And "payment.late" is delivered
    Then the books agree with the provider
    When the provider refunds everything
    And the refund arrives
    And "refund.completed" is delivered
    Then the order is refunded
    And the order is not fulfilled
    Given another order of 100.00 USDT on tron
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
