@must @lifecycle @disputes
Feature: A payer who objects may get his money back
  A lost dispute takes money that was booked as revenue; books that do not follow show an
  income that is gone. A dispute that is merely open, or won, takes nothing.

  @should @LIFE-12
  Scenario: A dispute is opened and won
    Given an order of 85.00 USDT on tron
    When the payer sends 85.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    When the payer disputes the payment
    And "dispute.opened" is delivered
    Then the books agree with the provider
    And no credit is taken back
    When the dispute is won
    And "dispute.won" is delivered
    Then the order is paid
    And no credit is taken back
    And the order is fulfilled once

  @LIFE-11 @IDEM-01
  Scenario: A dispute is lost, and told twice
    Given an order of 85.00 USDT on tron
    When the payer sends 85.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered twice
    Then the order is paid
    When the payer disputes the payment
    And "dispute.opened" is delivered
    And the dispute is lost
    And "dispute.lost" is delivered twice
    Then the books agree with the provider
    And credits of 85.00 USDT are taken back
    And an exception of class reversed-after-final is open
    And the order is fulfilled once

  @LIFE-11 @IDEM-04
  Scenario: A part is disputed and lost
    Given an order of 85.00 USDT on tron
    When the payer sends 85.00 USDT
    And "payment.paid" is delivered
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    When the payer disputes 25.00 USDT
    And the dispute is lost
    And "dispute.lost" is delivered
    Then the books agree with the provider
    And credits of 25.00 USDT are taken back
