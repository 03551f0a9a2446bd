import { expect, test } from "vitest";
import { sessionCookies } from "@/lib/next/auth/session-cookie";

// A browser accepts a cookie with this prefix only if it is secure, has the path "/" and no domain.
test("under https no other host of our domain can plant a cookie", () => {
  for (const { name, options } of Object.values(sessionCookies("https://selvage.example"))) {
    expect(name).toMatch(/^__Host-next-auth\./);
    expect(options).toMatchObject({ secure: true, httpOnly: true, sameSite: "lax", path: "/" });
    expect(options).not.toHaveProperty("domain");
  }
});

test("under http the cookies have names that a browser accepts there", () => {
  expect(sessionCookies("http://localhost:3000").sessionToken).toMatchObject({
    name: "next-auth.session-token",
    options: { secure: false },
  });
});
