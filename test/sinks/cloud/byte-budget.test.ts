import { expect, test } from 'vitest';
import { ByteBudget } from '../../../sinks/cloud/byte-budget.ts';

test('byte budget: what does not fit waits in order, and what is larger than all of it goes alone', async () => {
  const budget = new ByteBudget(100);
  const entered: string[] = [];
  const enter = (name: string, bytes: number): Promise<void> => budget.take(bytes).then(() => void entered.push(name));
  const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  void enter('a', 60);
  void enter('b', 50);
  void enter('c', 10);
  void enter('huge', 500);
  await settle();
  expect(entered).toEqual(['a']);
  budget.giveBack(60);
  await settle();
  expect(entered).toEqual(['a', 'b', 'c']);
  budget.giveBack(50);
  await settle();
  expect(entered).toEqual(['a', 'b', 'c']);
  budget.giveBack(10);
  await settle();
  expect(entered).toEqual(['a', 'b', 'c', 'huge']);
});
