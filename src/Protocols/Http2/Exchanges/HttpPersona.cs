using System.Collections.Immutable;
using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>
/// The fields by which a Kubernetes target is told who a session's person is (Kubernetes, "User impersonation"). Made once for an identity, and anew when what is known of it
/// changes. Immutable.
/// </summary>
internal sealed class HttpPersona
{
    private readonly (byte[] Name, byte[] Value)[] _fields;

    private HttpPersona(Identity identity, (byte[] Name, byte[] Value)[] fields, ImmutableArray<string> withheld)
    {
        Identity = identity;
        _fields = fields;
        Withheld = withheld;
    }

    /// <summary>Whom it is of.</summary>
    public Identity Identity { get; }

    /// <summary>Groups that the target is not told of.</summary>
    public ImmutableArray<string> Withheld { get; }

    /// <returns>Null: the target must not be told that it is this person.</returns>
    public static HttpPersona? Of(HttpImpersonation rules, Identity identity, Guid session)
    {
        if (!rules.PassesUser(identity.Subject))
            return null;
        var fields = new List<(byte[], byte[])> { Field("impersonate-user", rules.Prefix + identity.Subject) };
        fields.AddRange(identity.Groups.Where(rules.PassesGroup).Select(group => Field("impersonate-group", rules.Prefix + group)));
        fields.Add(Field("impersonate-extra-sallyport.dev%2fissuer", identity.Issuer));
        fields.Add(Field("impersonate-extra-sallyport.dev%2fsession", session.ToString()));
        fields.AddRange(identity.ActingFor.Select(person => Field("impersonate-extra-sallyport.dev%2facting-for", person)));
        return new HttpPersona(identity, [.. fields], [.. identity.Groups.Where(group => !rules.PassesGroup(group))]);
    }

    /// <returns>False: the head has no room for it.</returns>
    public bool TryAdd(HttpHead into)
    {
        foreach ((byte[] name, byte[] value) in _fields)
        {
            if (!into.TryAdd(name, value))
                return false;
        }

        return true;
    }

    private static (byte[] Name, byte[] Value) Field(string name, string value) => (Encoding.ASCII.GetBytes(name), Encoding.UTF8.GetBytes(value));
}
