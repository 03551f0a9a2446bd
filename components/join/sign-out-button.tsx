"use client";

import { signOut } from "next-auth/react";
import { Button } from "@/components/ui/button";

export function SignOutButton() {
  async function leave() {
    await signOut({ redirect: false });
    window.location.reload();
  }
  return <Button onClick={leave}>Sign out</Button>;
}
