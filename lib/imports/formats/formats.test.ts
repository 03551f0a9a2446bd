import { describe, expect, test } from "vitest";
import { formatOf, readFile } from "@/lib/imports/formats/read-file";
import { maxImportRows, UnreadableFile } from "@/lib/imports/formats/row";
import { inShort, text } from "@/testing/import-rows";

const client = { clientId: "c", clientSecret: "s", authUrl: "https://idp.example.com/token" };

describe("a JSON file", () => {
  test.each([
    ["an object of names", { A: "1", b: { username: "u", password: "p" }, c: client }],
    [
      "a list",
      [
        { name: "A", value: "1" },
        { name: "b", type: "username_password", username: "u", password: "p" },
        { name: "c", ...client },
      ],
    ],
    [
      "bodies of the management API",
      {
        secrets: [
          { kind: "prophecy", subKind: "text", properties: { name: "A", value: "1" } },
          {
            kind: "prophecy",
            subKind: "username_password",
            properties: { name: "b", value: { username: "u", password: "p" } },
          },
          { kind: "prophecy", subKind: "m2m_oauth", properties: { name: "c", value: client } },
        ],
      },
    ],
  ])("may be %s", (_what, value) => {
    expect(inShort(readFile(JSON.stringify(value), "json").rows)).toEqual([
      ["A", "text", text("1")],
      ["b", "username_password", { username: "u", password: "p" }],
      ["c", "m2m_oauth", client],
    ]);
  });

  test("names a value that is no text, and a type that does not exist", () => {
    const file = JSON.stringify({
      port: 5432,
      on: true,
      none: null,
      many: ["a"],
      odd: { type: "ssh", value: "x" },
      empty: {},
    });
    expect(inShort(readFile(file, "json").rows)).toEqual([
      ["port", "The value is a number, not text: write it in quotes."],
      ["on", "The value is a boolean, not text: write it in quotes."],
      ["none", "The value is null, not text: write it in quotes."],
      ["many", "The value is a list, not text: write it in quotes."],
      ["odd", expect.stringMatching(/^Its type is not one of text, binary/)],
      ["empty", "It is empty."],
    ]);
  });

  test("that is broken is refused without a part of it", () => {
    expect(() => readFile('{"A": "hunter2', "json")).toThrow(new UnreadableFile("This is not valid JSON."));
  });
});

describe("an export of Vault", () => {
  const second = (data: object) => ({
    request_id: "r",
    lease_id: "",
    data: { data, metadata: { version: 2 } },
  });

  test("may be the answer of kv get, of either version, with a prefix for its names", () => {
    const rows = [
      ["db.host", "text", text("h")],
      ["db.token", "text", text("t")],
    ];
    expect(inShort(readFile(JSON.stringify(second({ host: "h", token: "t" })), "json", "db.").rows)).toEqual(
      rows,
    );
    const first = { request_id: "r", lease_id: "", data: { host: "h", token: "t" } };
    expect(inShort(readFile(JSON.stringify(first), "json", "db.").rows)).toEqual(rows);
    const login = second({ username: "u", password: "p" });
    expect(inShort(readFile(JSON.stringify(login), "json", "db.").rows)).toEqual([
      ["db", "username_password", { username: "u", password: "p" }],
    ]);
  });

  test("may hold many paths, flat or nested, and one answer a line", () => {
    const flat = {
      "secret/db/orders": { username: "u", password: "p" },
      "/secret/api/": { key: "k", value: "v" },
    };
    const expected = [
      ["secret.db.orders", "username_password", { username: "u", password: "p" }],
      ["secret.api.key", "text", text("k")],
      ["secret.api.value", "text", text("v")],
    ];
    const { rows, notes } = readFile(JSON.stringify(flat), "json");
    expect(inShort(rows)).toEqual(expected);
    expect(notes.join()).toContain("“/” in a path became “.”");
    const nested = { secret: { db: { orders: flat["secret/db/orders"] }, api: { key: "k", value: "v" } } };
    expect(inShort(readFile(JSON.stringify(nested), "json").rows)).toEqual(expected);
    const lines = [second({ a: "1" }), second({ b: "2" })].map((one) => JSON.stringify(one)).join("\n");
    expect(inShort(readFile(lines, "json").rows)).toEqual([
      ["a", "text", text("1")],
      ["b", "text", text("2")],
    ]);
  });
});

describe("a CSV file", () => {
  test("has headings, and any of the types", () => {
    const file = [
      "Name;Type;Value;Username;Password;Notes",
      "A;;one;;;what it is",
      'B;Text;"two; ""quoted"""',
      "C;;;u;p;",
      "D;username_password;;u;p;",
    ].join("\r\n");
    expect(inShort(readFile(file, "csv").rows)).toEqual([
      ["A", "text", text("one")],
      ["B", "text", text('two; "quoted"')],
      ["C", "username_password", { username: "u", password: "p" }],
      ["D", "username_password", { username: "u", password: "p" }],
    ]);
    expect(readFile(file, "csv").rows[0]).toMatchObject({ description: "what it is", place: "Row 2" });
  });

  test("of a browser’s passwords says which columns are left out", () => {
    const { rows, notes } = readFile("name,url,username,password,note\nshop,https://x.example,u,p,\n", "csv");
    expect(inShort(rows)).toEqual([["shop", "username_password", { username: "u", password: "p" }]]);
    expect(notes).toEqual(["Left out: “url”."]);
  });

  test("names rows with too many cells, an open quote, and another type’s field", () => {
    const file = 'name,type,value,username\nA,text,1,,,,\nB,text,1,u\nC,ssh,1,\nD,,"open,';
    expect(inShort(readFile(file, "csv").rows)).toEqual([
      ["", "It has more cells than headings."],
      ["B", "A secret of the type Text has no “username”."],
      ["C", expect.stringMatching(/^Its type is not one of/)],
      ["", "A quoted cell does not end."],
    ]);
  });

  test("without a heading for names is refused", () => {
    expect(() => readFile("A,1\nB,2", "csv")).toThrow("The first row has no heading “name”.");
  });
});

describe("a YAML file", () => {
  test("keeps each value as it is written", () => {
    const file =
      "A: 0123\nB: yes\nC: 1.10\nD: |\n  first\n  second\nE: 'q'\nF:\n  username: u\n  password: 007\n";
    expect(inShort(readFile(file, "yaml").rows)).toEqual([
      ["A", "text", text("0123")],
      ["B", "text", text("yes")],
      ["C", "text", text("1.10")],
      ["D", "text", text("first\nsecond\n")],
      ["E", "text", text("q")],
      ["F", "username_password", { username: "u", password: "007" }],
    ]);
  });

  test("may be connections.yaml, whose credentials are names of secrets", () => {
    const file = `
connections:
  - name: orders
    kind: postgres
    properties:
      server: db.example.com
      port: 5432
      database: orders
      username: app
      password: databricks://scope/orders_password
      kgConfig: { enabled: true }
  - name: files
    kind: sftp
    password: hunter2
`;
    expect(inShort(readFile(file, "yaml").rows)).toEqual([
      [
        "orders",
        "postgres",
        {
          server: "db.example.com",
          port: 5432,
          database: "orders",
          username: "app",
          kgConfig: { enabled: true },
        },
        { password: "orders_password" },
      ],
      ["files", expect.stringMatching(/^“password” is not the name of a secret/)],
    ]);
    const map =
      "orders: { kind: postgres, server: db, database: d, username: u, password: 'databricks://s/p' }";
    expect(inShort(readFile(map, "yaml").rows)).toEqual([
      ["orders", "postgres", { server: "db", database: "d", username: "u" }, { password: "p" }],
    ]);
    expect(JSON.stringify(readFile(file, "yaml"))).not.toContain("hunter2");
  });

  test("that is broken, repeats a name or repeats its parts too often is refused without a part of it", () => {
    for (const file of ["A: [hunter2", "A: 1\nA: hunter2", bomb()])
      expect(() => readFile(file, "yaml")).toThrow(/^This (is not valid YAML: see line \d|YAML repeats)/);
  });
});

/** Nine lists of nine references each: a billion members. */
function bomb(): string {
  const lists = Array.from(
    { length: 9 },
    (_, at) => `a${at + 1}: &a${at + 1} [${Array(9).fill(`*a${at}`).join(",")}]`,
  );
  return ["a0: &a0 x", ...lists].join("\n");
}

test("the format is found by name or content", () => {
  const cases: [string, string, string][] = [
    [".env", "", "env"],
    [".env.production", "", "env"],
    ["prod.env", "", "env"],
    ["a.json", "", "json"],
    ["a.csv", "", "csv"],
    ["connections.yaml", "", "yaml"],
    ["pasted", '{"A": "1"}', "json"],
    ["pasted", "name,value\nA,1", "csv"],
    ["pasted", "# x\nexport A=1", "env"],
    ["pasted", "A: 1", "yaml"],
  ];
  expect(cases.map(([name, content]) => formatOf(name, content))).toEqual(
    cases.map(([, , format]) => format),
  );
});

test("a file without rows, and one with too many, are refused", () => {
  expect(() => readFile("# nothing\n", "env")).toThrow("The file contains no secret and no connection.");
  const many = Array.from({ length: maxImportRows + 1 }, (_, i) => `A${i}=x`).join("\n");
  expect(() => readFile(many, "env")).toThrow("The file has 1001 rows: at most 1000 are imported at once.");
});
