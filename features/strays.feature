@amounts
Feature: Only the right coin on the right network pays
  Payers confuse networks, tokens and tags, and some do it on purpose: a token of the same
  name costs nothing. The provider lists such a transfer and never counts it. A merchant
  that counts it ships for nothing; one that tells nobody keeps a customer's money.

  @must
  Scenario Outline: Nothing but <mistake> comes on <network>, and then the price
    Given an order of <amount> on <network>
    When the payer sends <mistake>
    And "payment.detected" is delivered
    Then nothing changes
    And no credit is posted
    And the order is not fulfilled
    When the payment expires
    Then the books agree with the provider
    Given another order of <amount> on <network>
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid

    @AMT-02
    Examples: Another coin
      | mistake       | amount     | network |
      | another asset | 60.00 USDT | tron    |
      | another asset | 60.00 USDC | base    |

    @AMT-10
    Examples: A coin of the same name
      | mistake            | amount     | network |
      | a look-alike token | 60.00 USDT | tron    |

    @AMT-17
    Examples: The right coin in the wrong place
      | mistake                      | amount     | network |
      | the asset on another network | 60.00 USDC | base    |

    @LIFE-04
    Examples: A transfer that moved nothing
      | mistake               | amount     | network |
      | a transfer that fails | 60.00 USDT | tron    |

    @BIND-11
    Examples: Nobody's money
      | mistake               | amount    | network |
      | money without its tag | 60.00 XRP | xrpl    |

  @must
  Scenario Outline: Nobody announces <mistake> on <network>, and the merchant asks
    Given an order of <amount> on <network>
    When nothing is delivered
    And the payer sends <mistake>
    And the merchant reconciles
    Then nothing changes
    And no credit is posted
    And the order is not fulfilled
    Given another order of <amount> on <network>
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid

    @AMT-02
    Examples: Another coin
      | mistake       | amount     | network |
      | another asset | 60.00 USDT | tron    |

    @AMT-10
    Examples: A coin of the same name
      | mistake            | amount     | network |
      | a look-alike token | 60.00 USDT | tron    |

    @AMT-17
    Examples: The right coin in the wrong place
      | mistake                      | amount     | network |
      | the asset on another network | 60.00 USDC | base    |

    @LIFE-04
    Examples: A transfer that moved nothing
      | mistake               | amount     | network |
      | a transfer that fails | 60.00 USDT | tron    |

    @BIND-11
    Examples: Nobody's money
      | mistake               | amount    | network |
      | money without its tag | 60.00 XRP | xrpl    |

  @should @AMT-12
  Scenario: A look-alike beside the price adds nothing to it
    Given an order of 60.00 USDT on tron
    When the payer sends a look-alike token
    And the payer sends 60.00 USDT
    And the network confirms the transfers
    And "payment.confirmed" is delivered
    Then the order is paid
    And the order is fulfilled once
    And the books agree with the provider

  @should @AMT-12
  Scenario: Dust of another asset beside the price changes nothing
    Given an order of 60.00 USDT on tron
    When the payer pays exactly
    And the payer sends one atom of another asset
    And the network confirms the transfers
    And "payment.confirmed" is delivered
    Then the order is paid
    And the order is fulfilled once
    And the books agree with the provider

  @must @AMT-09
  Scenario: A transfer names the price and moves a hundredth of it
    Given an order of 25.50 XRP on xrpl
    When the payer asks for 25.50 XRP and delivers 0.25 XRP
    And "payment.detected" is delivered
    Then nothing changes
    And no credit is posted
    When the payment expires
    And the provider accepts the payment
    And "payment.confirmed" is delivered
    Then the books agree with the provider
    And the order is not fulfilled
    Given another order of 25.50 XRP on xrpl
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid

  @should @AMT-12
  Scenario: Seven parts are one price
    Given an order of 100.00 USDT on tron
    When the payer pays in seven parts
    And the network confirms the transfers
    And "payment.confirmed" is delivered
    Then the order is paid
    And the order is fulfilled once
    And the books agree with the provider
