@must @crashes
Feature: The merchant dies, and loses nothing
  Processes end: a deployment, too little memory, a power cut. What was acknowledged is never
  said again, what was asked for has been done, and what came meanwhile found nobody. The
  merchant is killed at these moments and started again on what it had kept.

  @CRASH-01
  Scenario: What was acknowledged survives the death of the process
    Given an order of 31.00 USDT on tron
    When the payer sends 31.00 USDT
    And the network confirms the transfer
    Then the order is paid
    Given an order of 47.00 USDT on tron
    When the payer sends 47.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    And the merchant is killed right after its answer
    And the merchant is started again
    Then the order is paid
    And exactly one credit of 47.00 USDT is posted
    And the order is fulfilled once

  @CRASH-04
  Scenario: A copy is known after the death of the process as well
    Given an order of 36.00 USDT on tron
    When the payer sends 36.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered twice
    Then the order is paid
    And exactly one credit of 36.00 USDT is posted
    When the merchant is killed
    And the merchant is started again
    And "payment.confirmed" is delivered
    Then exactly one credit of 36.00 USDT is posted
    And the order is fulfilled once

  @CRASH-06
  Scenario: The merchant dies while the provider creates the payment
    Given the next create call is carried out, but the answer is held back
    And an order of 52.00 USDT on tron
    When the merchant is killed while it calls the provider
    And the merchant is started again
    And the buyer checks out again
    And the payer sends 52.00 USDT
    And the network confirms the transfer
    Then the order is paid
    And exactly one credit of 52.00 USDT is posted
    And the order is fulfilled once

  @RECON-07
  Scenario: A payment is confirmed while the merchant is down
    Given an order of 63.00 USDT on tron
    When the merchant is killed
    And the payer sends 63.00 USDT
    And the network confirms the transfer
    And the payment settles
    And "payment.settled" is delivered
    And nothing is delivered
    And the merchant is started again
    And the merchant reconciles
    Then the order is paid
    And exactly one credit of 63.00 USDT is posted
    And the order is fulfilled once
