@must @authenticity
Feature: Only the provider's own word moves money
  The address of a webhook is no secret. Whoever finds it can claim that an order
  was paid; if the claim is believed, the goods leave and no money ever comes. So
  each claim below is false when it arrives, and comes true afterwards: then the
  provider's own notification must be believed.

  @AUTH-01
  Scenario: Neither an unsigned nor a wrongly signed claim is believed
    Given an order of 120.00 USDT on tron
    When a forged "payment.confirmed" arrives without a signature
    Then nothing changes
    Given another order of 120.00 USDT on tron
    When a forged "payment.confirmed" arrives signed with another key
    Then nothing changes
    When the payer sends 120.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    Given we turn to the first order
    When the payer sends 120.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid

  @AUTH-04
  Scenario Outline: A claim without a signature has no effect: <claim>
    Given an order of 89.90 USDC on base
    When a forged "<claim>" arrives without a signature
    Then nothing changes
    And no credit is posted
    When the payer sends 89.90 USDC
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    And exactly one credit of 89.90 USDC is posted

    Examples:
      | claim             |
      | payment.paid      |
      | payment.confirmed |
      | payment.settled   |

  @AUTH-04
  Scenario: An empty signature has no effect either
    Given an order of 89.90 USDC on base
    When a forged "payment.confirmed" arrives with an empty signature
    Then nothing changes
    And no credit is posted
    When the payer sends 89.90 USDC
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    And exactly one credit of 89.90 USDC is posted

  Scenario Outline: A signature that does not fit has no effect: <forgery>
    Given an order of 64.00 USDT on tron
    When a forged "payment.confirmed" arrives <forgery>
    Then nothing changes
    And no credit is posted
    When the payer sends 64.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    And exactly one credit of 64.00 USDT is posted

    @AUTH-05
    Examples:
      | forgery                    |
      | signed with another key    |
      | with a random signature    |
      | with its body altered      |
      | with its id altered        |
      | with its timestamp altered |

    @AUTH-03
    Examples: The key of everybody
      | forgery                  |
      | signed with an empty key |

    @AUTH-07
    Examples: A scheme of the forger's choice
      | forgery                                |
      | with a signature of an unknown version |

    @AUTH-08
    Examples: What cannot be verified at all
      | forgery                       |
      | with an undecodable signature |

  @AUTH-06
  Scenario: Half a signature is no signature
    Given an order of 31.50 USDT on tron
    When a forged "payment.confirmed" arrives with a truncated signature
    Then nothing changes
    And no credit is posted
    When the payer sends 31.50 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    And exactly one credit of 31.50 USDT is posted

  @AUTH-17
  Scenario Outline: Nobody cancels an open order with a forged notification: <forgery>
    Given an order of 250.00 USDT on tron
    When a forged "payment.expired" arrives <forgery>
    Then nothing changes
    When the payer sends 250.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    And exactly one credit of 250.00 USDT is posted

    Examples:
      | forgery                 |
      | without a signature     |
      | signed with another key |

  @AUTH-17
  Scenario: Nobody cancels an order that is paid
    Given an order of 75.00 USDT on tron
    When the payer sends 75.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    When a forged "payment.expired" arrives without a signature
    Then nothing changes
    And the order is still paid
    When "payment.settled" is delivered
    Then the order is still paid
    And exactly one credit of 75.00 USDT is posted
