CREATE TABLE orders (
    reference  text PRIMARY KEY,
    account    text NOT NULL,
    asset      text NOT NULL,
    network    text NOT NULL,
    amount     numeric NOT NULL CHECK (amount > 0),
    payment_id text UNIQUE,
    status     text NOT NULL DEFAULT 'open'
               CHECK (status IN ('open', 'paying', 'fulfilled', 'review', 'closed')),
    version    integer NOT NULL DEFAULT 0,
    shipments  integer NOT NULL DEFAULT 0
);

-- What this shop has heard of a payment. Its key is what makes a repetition one.
CREATE TABLE news (
    payment_id text NOT NULL,
    news       text NOT NULL,
    heard_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (payment_id, news)
);

CREATE TABLE postings (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('sale', 'reversal')),
    reference  text NOT NULL REFERENCES orders,
    payment_id text NOT NULL,
    amount     numeric NOT NULL CHECK (amount > 0),
    asset      text NOT NULL,
    posted_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON postings (reference);

-- What a person has to look at.
CREATE TABLE reviews (
    reference  text NOT NULL REFERENCES orders,
    payment_id text NOT NULL,
    reason     text NOT NULL,
    closed_at  timestamptz,
    PRIMARY KEY (reference, payment_id, reason)
);

-- Accounting, and whoever else may look and not touch.
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'shop_reader') THEN
        CREATE ROLE shop_reader LOGIN;
    END IF;
END $$;
GRANT SELECT ON orders, postings, reviews TO shop_reader;
