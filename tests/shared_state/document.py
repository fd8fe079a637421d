"""The examples of the document about shared state, word for word: YAML by their headings."""

EXAMPLES = {
    "The solution": """\
state:
  schema:
    rawData: object
    processed: object
    analysis: object

flow:
  - member: fetch-data
    state:
      set: [rawData]

  - member: process-data
    state:
      use: [rawData]
      set: [processed]

  - member: analyze-data
    state:
      use: [rawData, processed]
      set: [analysis]

  - member: generate-report
    state:
      use: [rawData, processed, analysis]
""",
    "Define state schema, declare state access": """\
state:
  schema:
    companyData:
      type: object
      properties:
        name: string
        domain: string
        employees: number
    analysis:
      type: object
    financials:
      type: array

flow:
  - member: fetch-company
    state:
      set: [companyData]  # Can write to companyData

  - member: analyze-company
    state:
      use: [companyData]  # Can read companyData
      set: [analysis]     # Can write to analysis
""",
    "Selective access": """\
state:
  schema:
    sensitive: object
    public: object

flow:
  - member: restricted-member
    state:
      use: [public]  # Cannot see 'sensitive'
""",
    "Sequential data building": """\
state:
  schema:
    company: object
    financials: object
    news: array
    competitors: array

flow:
  - member: fetch-company
    state:
      set: [company]

  - member: fetch-financials
    state:
      use: [company]
      set: [financials]

  - member: fetch-news
    state:
      use: [company]
      set: [news]

  - member: fetch-competitors
    state:
      use: [company]
      set: [competitors]

  - member: generate-report
    state:
      use: [company, financials, news, competitors]
""",
    "Parallel data gathering": """\
state:
  schema:
    financials: object
    news: array
    social: object

flow:
  # Parallel fetch - each writes to different state key
  - parallel:
      - member: fetch-financials
        state:
          set: [financials]

      - member: fetch-news
        state:
          set: [news]

      - member: fetch-social
        state:
          set: [social]

  # Combine all data
  - member: analyze-all
    state:
      use: [financials, news, social]
""",
    "Incremental refinement": """\
state:
  schema:
    rawData: object
    cleaned: object
    enriched: object
    analyzed: object

flow:
  - member: fetch-raw-data
    state:
      set: [rawData]

  - member: clean-data
    state:
      use: [rawData]
      set: [cleaned]

  - member: enrich-data
    state:
      use: [cleaned]
      set: [enriched]

  - member: analyze-data
    state:
      use: [enriched]
      set: [analyzed]
""",
    "Conditional state updates": """\
state:
  schema:
    analysis: object
    humanReview: object

flow:
  - member: analyze-content
    state:
      set: [analysis]

  - branch:
      if: ${analysis.score} < 0.8
      then:
        - member: request-human-review
          state:
            use: [analysis]
            set: [humanReview]
""",
    "Default values": """\
state:
  initial:
    counter: 0
    results: []
    metadata:
      startTime: null
""",
    "Dynamic initialization": """\
state:
  initial:
    userId: ${input.userId}
    sessionId: ${input.sessionId}
    startedAt: ${input.timestamp}
""",
    "State schema validation": """\
state:
  schema:
    company:
      type: object
      properties:
        name:
          type: string
          minLength: 1
        domain:
          type: string
          pattern: "^[a-z0-9-]+\\\\.[a-z]{2,}$"
        employees:
          type: number
          minimum: 1
      required: [name, domain]

    analysis:
      type: object
      properties:
        score:
          type: number
          minimum: 0
          maximum: 1
        summary:
          type: string
""",
    "Store a reference": """\
state:
  schema:
    documentId: string  # Reference to KV/D1/R2

flow:
  - member: fetch-document
    # Fetch and store in KV
  - member: process-document
    input:
      documentId: ${state.documentId}  # Fetch from KV when needed
""",
    "Keep state flat": """\
state:
  schema:
    userData: object
    preferences: object
    session: object
""",
    "Keep state flat: deep nesting": """\
state:
  schema:
    user:
      data:
        profile:
          preferences:
            theme: string
""",
    "Use descriptive keys": """\
state:
  schema:
    companyFinancials: object
    marketAnalysis: object
    competitorData: array
""",
    "Validate state schema": """\
state:
  schema:
    score:
      type: number
      minimum: 0
      maximum: 1
    status:
      type: string
      enum: [pending, completed, failed]
""",
    "Initialize important keys": """\
state:
  schema:
    counter: number
    results: array
  initial:
    counter: 0
    results: []
""",
    "E-commerce order processing": """\
name: process-order
description: Complete order processing workflow with state

state:
  schema:
    order: object
    payment: object
    inventory: object
    shipping: object
    notification: object

  initial:
    order: null
    payment: null
    inventory: null
    shipping: null
    notification: null

flow:
  # Validate order
  - member: validate-order
    input:
      orderId: ${input.orderId}
    state:
      set: [order]

  # Process payment
  - member: process-payment
    state:
      use: [order]
      set: [payment]

  # Reserve inventory
  - member: reserve-inventory
    state:
      use: [order]
      set: [inventory]

  # If payment failed, release inventory
  - branch:
      if: ${payment.status} != 'success'
      then:
        - member: release-inventory
          state:
            use: [inventory]
        - member: notify-payment-failed
          state:
            use: [order, payment]
            set: [notification]

  # If payment succeeded, create shipment
  - branch:
      if: ${payment.status} == 'success'
      then:
        - member: create-shipment
          state:
            use: [order, inventory]
            set: [shipping]

        - member: notify-order-confirmed
          state:
            use: [order, payment, shipping]
            set: [notification]

output:
  orderId: ${order.id}
  status: ${payment.status}
  trackingNumber: ${shipping.trackingNumber}
  notification: ${notification.sent}
""",
}
