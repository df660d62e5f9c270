"use client";
import { type ReactNode, useState } from "react";

export function Closable({ children }: { children: ReactNode }) {
  const [isOpen, setOpen] = useState(true);
  if (!isOpen) return <p>Goodbye.</p>;
  return (
    <>
      {children}
      <button data-testid="leave" onClick={() => setOpen(false)}>
        Leave
      </button>
    </>
  );
}
