/** The `config` that pages give. */

/** As pages write it. */
export interface Config {
  sdkAppID?: number | string;
  userID?: string;
  userSig?: string;
  type?: number;
}

/** As it is used. */
export interface Login {
  app: number;
  user: string;
  sig: string;
}

/** Largest id of an application. */
const APP_MOST = 0xffffffff;

/** Whom to log in, or the sentence that says which field is wrong. */
export function loginOf(config: Config): Login | string {
  const { sdkAppID, userID, userSig } = config;
  const app = typeof sdkAppID === 'string' && /^\d{1,10}$/.test(sdkAppID) ? Number(sdkAppID) : sdkAppID;
  if (typeof app !== 'number' || !(app >= 1 && app <= APP_MOST) || app % 1 !== 0) {
    return 'config.sdkAppID must be the number of an application.';
  }
  if (typeof userID !== 'string' || userID === '') {
    return 'config.userID must be a text that is not empty.';
  }
  if (typeof userSig !== 'string' || userSig === '') {
    return 'config.userSig must be the signature for config.userID.';
  }
  return { app, user: userID, sig: userSig };
}
