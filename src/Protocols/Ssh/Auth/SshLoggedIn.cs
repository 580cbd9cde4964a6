using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Auth;

/// <summary>Who a client has proven to be.</summary>
/// <param name="Identity">The person: by what was signed or said, never by the user name.</param>
/// <param name="Restrictions">What any of the proofs forbids.</param>
/// <param name="User">The user name as the client gave it: <c>login+target</c>, or <c>login</c>.</param>
/// <param name="Methods">What it was proven by, in order.</param>
internal sealed record SshLoggedIn(Identity Identity, LoginRestrictions Restrictions, string User, IReadOnlyList<SshMethod> Methods);
