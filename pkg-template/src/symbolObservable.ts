/** What RxJS and other libraries know observables by. */
export const symbolObservable = ((Symbol as { observable?: symbol }).observable ??
  "@@observable") as "@@observable";
