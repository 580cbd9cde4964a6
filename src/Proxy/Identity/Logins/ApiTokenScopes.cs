using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Identity.Logins;

/// <summary>What an API token may be used for, and from where.</summary>
/// <param name="Targets">Names of targets; <c>*</c>: all that policy allows.</param>
/// <param name="AdminRoles">Roles of the admin API.</param>
/// <param name="Sources">Networks it may be used from; empty: anywhere.</param>
internal sealed record ApiTokenScopes(ImmutableArray<string> Targets, ImmutableArray<string> AdminRoles, ImmutableArray<IPNetwork> Sources)
{
    private const int MostScopes = 64;
    private const string TargetPrefix = "target:";
    private const string AdminPrefix = "admin:";

    private static readonly FrozenDictionary<string, AdminRole> KnownRoles = Admin.AdminRoles.ByName;

    /// <summary>Any target.</summary>
    public const string AnyTarget = "*";

    /// <summary>Reads what somebody asks for.</summary>
    /// <exception cref="ArgumentException">It cannot be; the message says why.</exception>
    public static ApiTokenScopes Parse(IReadOnlyList<string> scopes, IReadOnlyList<string> sources)
    {
        if (scopes.Count is 0 or > MostScopes || sources.Count > MostScopes)
            throw new ArgumentException($"A token needs 1 to {MostScopes} scopes, such as target:NAME, and has at most {MostScopes} source ranges.");
        ImmutableArray<string> targets = [.. scopes.Where(s => s.StartsWith(TargetPrefix, StringComparison.Ordinal)).Select(s => s[TargetPrefix.Length..])];
        ImmutableArray<string> roles = [.. scopes.Where(s => s.StartsWith(AdminPrefix, StringComparison.Ordinal)).Select(s => s[AdminPrefix.Length..])];
        if (targets.Length + roles.Length != scopes.Count || targets.Any(t => t != AnyTarget && !ConfigReader.IsName(t)) || roles.Any(r => !KnownRoles.ContainsKey(r)))
            throw new ArgumentException($"A scope is target:NAME, target:* or admin:ROLE, where ROLE is one of {string.Join(", ", KnownRoles.Keys.Order(StringComparer.Ordinal))}.");
        return new ApiTokenScopes(targets, roles, [.. sources.Select(Network)]);
    }

    /// <summary>Reads what the store has.</summary>
    public static ApiTokenScopes Read(string scopes, string sources) =>
        Parse(JsonSerializer.Deserialize<string[]>(scopes) ?? [], JsonSerializer.Deserialize<string[]>(sources) ?? []);

    /// <summary>True when it may be used from there.</summary>
    public bool AllowsSource(IPAddress source)
    {
        IPAddress address = source.IsIPv4MappedToIPv6 ? source.MapToIPv4() : source;
        return Sources.IsEmpty || Sources.Any(network => network.Contains(address));
    }

    /// <summary>A range, or one address.</summary>
    private static IPNetwork Network(string text)
    {
        if (IPNetwork.TryParse(text, out IPNetwork network))
            return network;
        return IPAddress.TryParse(text, out IPAddress? address) && !text.Contains('%', StringComparison.Ordinal)
            ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
            : throw new ArgumentException($"\"{Revocations.OneLine.Of(text)}\" is no source: write a range such as 10.1.0.0/16, or an address.");
    }
}
