import { servePage } from "./desk";

servePage(self);
