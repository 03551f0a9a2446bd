/** The words of the app for a state of the API. */
export function connectionStateText(state: string): string {
  return state === "not_tested" ? "not checked" : state.replaceAll("_", " ");
}
