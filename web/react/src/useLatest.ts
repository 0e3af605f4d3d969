'use client';
import { useLayoutEffect, useEffect, useRef, type RefObject } from 'react';

/** React warns about layout effects on a server. */
const useBeforePaint = typeof document === 'undefined' ? useEffect : useLayoutEffect;

/** The value of the last render, for functions that must not change with every render. */
export function useLatest<T>(value: T): RefObject<T> {
  const ref = useRef(value);
  useBeforePaint(() => {
    ref.current = value;
  });
  return ref;
}
