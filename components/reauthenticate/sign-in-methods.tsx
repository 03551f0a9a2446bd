"use client";

import { createContext, type ReactNode, useContext } from "react";

type Methods = { hasPassword: boolean; openIdName: string | null };

const MethodsContext = createContext<Methods>({ hasPassword: true, openIdName: null });

/** Provides the dialogs below with the person's sign-in methods. */
export function SignInMethods({ children, ...methods }: Methods & { children: ReactNode }) {
  return <MethodsContext value={methods}>{children}</MethodsContext>;
}

export function useSignInMethods(): Methods {
  return useContext(MethodsContext);
}
