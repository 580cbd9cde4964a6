using Sallyport.Protocols.Ssh.Keys;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>The host keys that a listener shows, each with its host certificate when there is one. Immutable.</summary>
public sealed record SshServerKeys(IReadOnlyList<SshSigner> Signers);
