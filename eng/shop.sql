-- The database that the demo and the end-to-end tests work on. The role shop_app exists already.
CREATE TABLE customers (
    id          integer PRIMARY KEY,
    name        text NOT NULL,
    email       text NOT NULL,
    card_number varchar(19) NOT NULL,
    country     char(2) NOT NULL
);

CREATE TABLE orders (
    id          integer PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES customers,
    item        text NOT NULL,
    amount      numeric(10, 2) NOT NULL,
    placed_at   timestamptz NOT NULL
);

-- Card numbers are the well-known test numbers of the card networks.
INSERT INTO customers VALUES
    (1, 'Ada Lovelace', 'ada@example.com', '4111111111111111', 'GB'),
    (2, 'Grace Hopper', 'grace@example.org', '5555555555554444', 'US'),
    (3, 'Edsger Dijkstra', 'edsger@example.net', '378282246310005', 'NL'),
    (4, 'Barbara Liskov', 'barbara@example.com', '6011111111111117', 'US'),
    (5, 'Niklaus Wirth', 'niklaus@example.org', '3530111333300000', 'CH');

INSERT INTO orders
SELECT n, 1 + n % 5, (ARRAY['keyboard', 'lamp', 'notebook', 'chair'])[1 + n % 4], 10 + n * 2.5, timestamptz '2026-01-01 09:00+00' + n * interval '3 hours'
FROM generate_series(1, 40) AS n;

GRANT SELECT, INSERT, UPDATE, DELETE ON customers, orders TO shop_app;
GRANT CREATE ON SCHEMA public TO shop_app;
