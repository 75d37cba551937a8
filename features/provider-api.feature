@must @api
Feature: The merchant survives its provider
  Every call to a payment provider can fail, get lost on its way back, or be answered by
  something in between. After a lost answer nobody knows whether the payment exists. A
  merchant that guesses creates a second bill, rejects a customer who has paid, or sends
  one to pay nothing.

  @API-02 @API-04
  Scenario Outline: The payment exists, and the merchant did not hear of it: <how>
    Given the next create call is <how>
    And an order of 120.00 USDT on tron
    When the buyer checks out again
    And the payer sends 120.00 USDT
    And the network confirms the transfer
    Then the order is paid
    And exactly one credit of 120.00 USDT is posted
    And the order is fulfilled once
    Examples:
      | how                                          |
      | carried out, but the answer is lost          |
      | carried out, but fails with status 500       |
      | carried out, but fails with status 503       |

  @API-11 @API-02
  Scenario Outline: An answer that cannot be read does not break the order: <how>
    Given the next create call is carried out, but the answer <how>
    And an order of 64.50 USDT on tron
    When the buyer checks out again
    And the payer sends 64.50 USDT
    And the network confirms the transfer
    Then the order is paid
    And exactly one credit of 64.50 USDT is posted
    Examples:
      | how           |
      | breaks off    |
      | is no JSON    |
      | is a web page |

  @API-06
  Scenario Outline: An answer without a payment is none: <how>
    Given the next create call is <how>
    And an order of 77.00 USDT on tron
    When the buyer checks out again
    And the payer sends 77.00 USDT
    And the network confirms the transfer
    Then the order is paid
    And exactly one credit of 77.00 USDT is posted
    Examples:
      | how                                  |
      | only accepted                        |
      | answered with an error inside a 200  |
