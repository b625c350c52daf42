import { status } from '@grpc/grpc-js';
import type { DescFile } from '@bufbuild/protobuf';
import { assert } from '@holdfast/domain';
import type { MessageReader, MessageWriter } from '../../wire/message-stream.js';
import { describedMethod } from '../described-method.js';
import { bidi, type RpcMethod } from '../rpc-method.js';
import type { DescriptorIndex } from './descriptor-index.js';
import type {
  ReflectionAnswer,
  ReflectionQuestion,
  ReflectionRequest,
  ReflectionResponse,
} from './reflection-messages.js';

/** Server reflection over the files of `index`, for a server of these services. */
export function reflectionMethod(
  file: DescFile,
  index: DescriptorIndex,
  services: readonly string[],
): RpcMethod {
  const [service] = file.services;
  assert(service !== undefined, 'the reflection protocol has one service');
  const method = describedMethod<ReflectionRequest, ReflectionResponse>(
    service,
    'ServerReflectionInfo',
  );
  const answerAll = async (
    requests: MessageReader<ReflectionRequest>,
    responses: MessageWriter<ReflectionResponse>,
  ): Promise<void> => {
    for await (const request of requests) {
      const messageResponse = answer(request.messageRequest, index, services);
      await responses.write({ validHost: request.host, originalRequest: request, messageResponse });
    }
  };
  return bidi(method, answerAll, { stallWhileReading: false });
}

function answer(
  question: ReflectionQuestion,
  index: DescriptorIndex,
  services: readonly string[],
): ReflectionAnswer {
  switch (question.case) {
    case 'listServices':
      return {
        case: 'listServicesResponse',
        value: { service: services.map((name) => ({ name })) },
      };
    case 'fileByFilename':
      return files(index.fileNamed(question.value), 'there is no such file');
    case 'fileContainingSymbol':
      return files(index.fileContaining(question.value), 'there is no such symbol');
    case 'fileContainingExtension':
      return failed(status.NOT_FOUND, 'there are no extensions');
    case 'allExtensionNumbersOfType':
      if (!index.hasMessage(question.value)) {
        return failed(status.NOT_FOUND, 'there is no such message');
      }
      return {
        case: 'allExtensionNumbersResponse',
        value: { baseTypeName: question.value, extensionNumber: [] },
      };
    case undefined:
      return failed(status.INVALID_ARGUMENT, 'nothing is asked for');
  }
}

function files(found: readonly Uint8Array[] | undefined, otherwise: string): ReflectionAnswer {
  return found === undefined
    ? failed(status.NOT_FOUND, otherwise)
    : { case: 'fileDescriptorResponse', value: { fileDescriptorProto: found } };
}

function failed(errorCode: status, errorMessage: string): ReflectionAnswer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
