/**
 * An own, enumerable property that is made when it is first read: code that writes or copies the object gets it like
 * any other. Describe it once for all objects of a class and define it on each: a getter that is made again for each
 * object is kept by V8, with all that it sees, until the next full garbage collection.
 */
export function lateProperty<T extends object, K extends keyof T & string>(
  name: K,
  make: (of: T) => T[K],
): PropertyDescriptor & ThisType<T> {
  return {
    enumerable: true,
    configurable: true,
    get() {
      const value = make(this);
      Object.defineProperty(this, name, { value, enumerable: true });
      return value;
    },
  };
}
