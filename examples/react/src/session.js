// SPDX-License-Identifier: MIT
// session.js - who is signed in: the answer to the sign-in, kept in localStorage so that a reload
// does not sign anybody out. Whatever script runs on the page can read it there.
import { useState } from 'react';

const KEY = 'user';

function stored() {
  try {
    return JSON.parse(localStorage.getItem(KEY));
  } catch {
    return null;
  }
}

export function useSession() {
  const [user, setUser] = useState(stored);

  return {
    user,
    begin(answer) {
      localStorage.setItem(KEY, JSON.stringify(answer));
      setUser(answer);
    },
    end() {
      localStorage.removeItem(KEY);
      setUser(null);
    },
  };
}

export const hasRole = (user, role) => Boolean(user?.roles.includes(role));
