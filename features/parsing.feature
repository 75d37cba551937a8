@must @parsing
Feature: What was sent is what is read
  A signature covers bytes, an amount is a whole number of the smallest unit, and a
  provider adds new kinds of news without asking. A merchant that rewrites, rounds or
  chokes refuses genuine money or books money that does not exist.

  @PARSE-01
  Scenario Outline: An odd but legal spelling is accepted: <event>
    Given an order of 72.00 USDT on tron
    When the payer sends 72.00 USDT
    And the network confirms the transfer
    And "<event>" is delivered in an odd but legal spelling
    Then the notification is acknowledged
    And the order is paid
    And exactly one credit of 72.00 USDT is posted

    Examples:
      | event             |
      | payment.confirmed |
      | payment.settled   |

  @PARSE-02
  Scenario Outline: A text in other scripts is accepted: <event>
    Given an order of 72.00 USDT on tron
    When the payer sends 72.00 USDT
    And the network confirms the transfer
    And "<event>" is delivered with a text in other scripts
    Then the notification is acknowledged
    And the order is paid
    And exactly one credit of 72.00 USDT is posted

    Examples:
      | event             |
      | payment.confirmed |
      | payment.settled   |

  @PARSE-06
  Scenario Outline: A very large amount arrives to the last atom: <amount>
    Given an order of <amount> on <network>
    When the payer pays exactly
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    And exactly one credit of <amount> is posted

    Examples:
      | amount                 | network |
      | 9007199254.740993 USDT | tron    |
      | 90071992547.409931 XRP | xrpl    |

  @PARSE-07
  Scenario: News of an unknown kind changes nothing and is acknowledged
    Given an order of 36.00 USDT on tron
    When an event of an unknown type is delivered
    Then nothing changes
    And the notification is acknowledged
    When the payer sends 36.00 USDT
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    And exactly one credit of 36.00 USDT is posted

  @PARSE-07
  Scenario: News of an unknown kind about an order that is paid
    Given an order of 36.00 USDC on base
    When the payer sends 36.00 USDC
    And the network confirms the transfer
    And "payment.confirmed" is delivered
    Then the order is paid
    When an event of an unknown type is delivered
    Then the notification is acknowledged
    And the order is still paid
    And exactly one credit of 36.00 USDC is posted
    And the order is fulfilled once
