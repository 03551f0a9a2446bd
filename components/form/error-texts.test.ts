import { expect, test } from "vitest";
import { errorText, repeatableTexts } from "@/components/form/error-texts";

test("a lost answer is never said to have saved nothing", () => {
  for (const text of [errorText("outcome_unknown"), errorText("outcome_unknown", repeatableTexts)]) {
    expect(text).toMatch(/^It is not known whether (this|it) was saved\. /);
    expect(text).not.toMatch(/nothing was/i);
  }
});
