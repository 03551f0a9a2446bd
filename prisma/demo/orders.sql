-- The orders of the demo: customers and products of a weaving mill, and what they ordered since 2019.
-- Every installation gets the same rows. Blank lines separate the statements.

CREATE TABLE customer (
  id int PRIMARY KEY,
  name text NOT NULL UNIQUE,
  city text NOT NULL,
  country text NOT NULL
);

INSERT INTO customer
SELECT n,
  (ARRAY['Alder', 'Birch', 'Canal', 'Dune', 'Ember', 'Fjord', 'Harbour', 'Juniper', 'Lantern', 'Meadow',
    'Orchard', 'Quay', 'Rowan', 'Saltmarsh', 'Tide'])[1 + (n - 1) % 15]
    || ' ' || (ARRAY['Interiors', 'Textiles', 'Upholstery', 'Home', 'Tailors', 'Design', 'Mills', 'Outfitters'])
      [1 + (n - 1) / 15],
  place[1], place[2]
FROM generate_series(1, 120) AS n
JOIN (VALUES (0, ARRAY['Gothenburg', 'SE']), (1, ARRAY['Hamburg', 'DE']), (2, ARRAY['Lyon', 'FR']),
  (3, ARRAY['Porto', 'PT']), (4, ARRAY['Aarhus', 'DK']), (5, ARRAY['Leeds', 'GB']), (6, ARRAY['Tampere', 'FI']),
  (7, ARRAY['Ghent', 'BE']), (8, ARRAY['Bergen', 'NO']), (9, ARRAY['Biella', 'IT']), (10, ARRAY['Brno', 'CZ']))
  AS places(k, place) ON k = n * 7 % 11;

CREATE TABLE product (
  id int PRIMARY KEY,
  name text NOT NULL UNIQUE,
  price_per_metre numeric(6, 2) NOT NULL
);

INSERT INTO product VALUES
  (1, 'Linen, natural', 18.40), (2, 'Linen, indigo', 21.90), (3, 'Wool twill, charcoal', 34.50),
  (4, 'Wool twill, moss', 34.50), (5, 'Cotton canvas', 12.75), (6, 'Cotton herringbone', 16.20),
  (7, 'Mohair plaid', 48.00), (8, 'Hemp sailcloth', 22.30), (9, 'Jacquard, fern', 39.80),
  (10, 'Jacquard, tide', 39.80), (11, 'Boucle, ivory', 42.60), (12, 'Silk noil', 31.10);

CREATE TABLE orders (
  id int PRIMARY KEY,
  customer_id int NOT NULL REFERENCES customer,
  ordered_on date NOT NULL,
  status text NOT NULL CHECK (status IN ('open', 'shipped', 'cancelled'))
);

-- The exponent makes each year busier than the one before.
INSERT INTO orders
SELECT 10000 + n, 1 + (n * 37 + n / 9) % 120, date '2019-01-02' + (2880 * power(n / 3600.0, 0.8))::int,
  CASE WHEN n > 3560 THEN 'open' WHEN n % 61 = 0 THEN 'cancelled' ELSE 'shipped' END
FROM generate_series(1, 3600) AS n;

CREATE INDEX orders_by_date ON orders (ordered_on);

CREATE TABLE order_line (
  order_id int NOT NULL REFERENCES orders,
  line int NOT NULL,
  product_id int NOT NULL REFERENCES product,
  metres int NOT NULL,
  PRIMARY KEY (order_id, line)
);

INSERT INTO order_line
SELECT id, line, 1 + (id * 5 + line * 7) % 12, 5 + (id * 11 + line * 3) % 40
FROM orders, generate_series(1, 1 + id * 7 % 3) AS line;
