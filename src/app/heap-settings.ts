import { setFlagsFromString } from 'node:v8';

/**
 * By how many percent the heap may grow before V8 collects garbage. V8's default is up to 300, which is too much on a
 * small server that other programs use too.
 */
const HEAP_GROWS_PERCENT = 20;
/**
 * While `--optimize-for-size` is set, a garbage collection also moves objects together and gives free pages back. Each
 * one takes longer then, and there are more of them, so it is set only for a part of the time.
 */
const COMPACT_EVERY_MS = 30_000;
const COMPACT_FOR_MS = 3_000;

/** To be called after loading, because the garbage collector frees little while everything is loaded. */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWS_PERCENT}`);
  // On a small server the threads that help would take the CPU from the program.
  setFlagsFromString('--no-parallel-scavenge');
  setInterval(compactForAWhile, COMPACT_EVERY_MS).unref();
}

function compactForAWhile(): void {
  setFlagsFromString('--optimize-for-size');
  setTimeout(setFlagsFromString, COMPACT_FOR_MS, '--no-optimize-for-size').unref();
}
