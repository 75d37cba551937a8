@must @reconciliation
Feature: The books agree without the webhook
  Webhooks are the fast path. An outage, a full queue or a wrong address loses them, and
  the provider's statement still says that the customer paid. A merchant that never asks
  keeps the money and ships nothing; one that books what it finds, without asking whether
  it is booked, doubles its revenue every night.

  @RECON-01
  Scenario: Nothing is delivered, and reconciliation finds the payment
    Given an order of 220.00 USDT on tron
    When nothing is delivered
    And the payer sends 220.00 USDT
    And the network confirms the transfer
    And the payment settles
    And the merchant reconciles
    Then the order is paid
    And exactly one credit of 220.00 USDT is posted
    And the order is fulfilled once

  @RECON-01
  Scenario: The confirmation is lost after the first notice arrived
    Given an order of 58.00 USDC on base
    When the payer sends 58.00 USDC
    And "payment.paid" is delivered
    And the notifications confirmed, settled are never delivered
    And the network confirms the transfer
    And the payment settles
    And the merchant reconciles
    Then the order is paid
    And exactly one credit of 58.00 USDC is posted
    And the order is fulfilled once

  @RECON-02
  Scenario: Reconciliation does not book again what a webhook booked
    Given an order of 220.00 USDT on tron
    When the payer sends 220.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    When the merchant reconciles
    Then the order is still paid
    And exactly one credit of 220.00 USDT is posted
    And the order is fulfilled once

  @RECON-02
  Scenario: A webhook does not book again what reconciliation booked
    Given an order of 220.00 USDT on tron
    When the notifications confirmed, settled are held back
    And the payer sends 220.00 USDT
    And the network confirms the transfer
    And the payment settles
    And the merchant reconciles
    And the notifications arrive in the order confirmed, settled
    Then the order is paid
    And exactly one credit of 220.00 USDT is posted
    And the order is fulfilled once
