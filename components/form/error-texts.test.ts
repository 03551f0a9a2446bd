import { expect, test } from "vitest";
import { errorText, failureTitle, repeatableTexts } from "@/components/form/error-texts";

test("the message for a lost answer never claims that nothing was saved", () => {
  for (const text of [errorText("outcome_unknown"), errorText("outcome_unknown", repeatableTexts)]) {
    expect(text).toMatch(/^It is not known whether (this|it) was saved\. /);
    expect(text).not.toMatch(/nothing was/i);
  }
});

test.each([
  ["database_unavailable", "Nothing was changed"],
  ["forbidden", "Nothing was changed"],
  ["partly_saved", "Only a part was saved"],
  ["outcome_unknown", "No answer received"],
  [undefined, "No answer received"],
])("the title of %s says that nothing was changed only where that is certain", (code, title) => {
  expect(failureTitle(code, "Nothing was changed")).toBe(title);
});
