//! UserSig, PrivateMapKey, stream keys and play tickets
