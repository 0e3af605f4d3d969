/** The ChatKit wire: generated from the server's own types by `make generate`. */
export type * from '../../../protocol/chatkit';
