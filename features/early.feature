@must @concurrency
Feature: News of a payment may overtake the answer to its creation
  The provider answers the creation slowly, and its notifications do not wait for that. A
  merchant that stores the payment only when the answer is there gets news of something
  that it does not know: acknowledged and forgotten, it is lost.

  @RACE-05
  Scenario: The payment is confirmed before its creation is answered
    Given the next create call is carried out, but the answer is held back
    And an order of 95.00 USDT on tron
    When the payer sends 95.00 USDT
    And the network confirms the transfer
    Then the order is paid
    And exactly one credit of 95.00 USDT is posted
    And the order is fulfilled once
