import { useToast } from "@/components/ui/toast";

/** Returns a function that shows why a connection was not checked. */
export function useNotCheckedToast() {
  const toast = useToast();
  return (connectionName: string, description: string) =>
    toast(`${connectionName} was not checked`, { tone: "danger", description });
}
