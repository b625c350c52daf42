/** The messages of the protocol, as `@bufbuild/protobuf` makes them. */

export interface ReflectionRequest {
  readonly host: string;
  readonly messageRequest: ReflectionQuestion;
}

export type ReflectionQuestion =
  | { readonly case: 'fileByFilename'; readonly value: string }
  | { readonly case: 'fileContainingSymbol'; readonly value: string }
  | {
      readonly case: 'fileContainingExtension';
      readonly value: { readonly containingType: string; readonly extensionNumber: number };
    }
  | { readonly case: 'allExtensionNumbersOfType'; readonly value: string }
  | { readonly case: 'listServices'; readonly value: string }
  | { readonly case: undefined; readonly value?: undefined };

export interface ReflectionResponse {
  readonly validHost: string;
  readonly originalRequest: ReflectionRequest;
  readonly messageResponse: ReflectionAnswer;
}

export type ReflectionAnswer =
  | {
      readonly case: 'fileDescriptorResponse';
      readonly value: { readonly fileDescriptorProto: readonly Uint8Array[] };
    }
  | {
      readonly case: 'allExtensionNumbersResponse';
      readonly value: {
        readonly baseTypeName: string;
        readonly extensionNumber: readonly number[];
      };
    }
  | {
      readonly case: 'listServicesResponse';
      readonly value: { readonly service: readonly { readonly name: string }[] };
    }
  | {
      readonly case: 'errorResponse';
      readonly value: { readonly errorCode: number; readonly errorMessage: string };
    };
