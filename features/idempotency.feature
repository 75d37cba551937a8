@must @idempotency
Feature: One payment, one effect
  Webhooks are delivered at least once. However often a payment is announced,
  the merchant credits it once and ships once.

  Background:
    Given an order of 250.00 USDT on tron

  @IDEM-01
  Scenario: The settled notification arrives three times
    When the payer sends 250.00 USDT
    And the network confirms the transfer
    And "payment.settled" is delivered 3 times
    Then the order is paid
    And exactly one credit of 250.00 USDT is posted
    And the order is fulfilled once
