@should @operations
Feature: An endpoint that says no is switched off in the end
  A provider that hears errors sends again for days and then stops: no payment is announced
  any more, and nobody notices before customers call. What is genuine is acknowledged, of
  interest or not.

  @OPS-02
  Scenario: The provider tries the endpoint out
    Given an order of 18.00 USDC on base
    When the provider tries the endpoint out
    And "webhook.test" is delivered
    Then nothing changes
    And the notification is acknowledged
    When the payer sends 18.00 USDC
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    And exactly one credit of 18.00 USDC is posted
