using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using Sallyport.Contract;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Local;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>What an agent or service is to be.</summary>
/// <param name="Name">Its subject and <c>client_id</c>.</param>
/// <param name="Owner">Subject of the person who answers for it.</param>
/// <param name="PublicKey">Its public JWK, when it proves itself by signing (RFC 7523); null: it gets a secret.</param>
internal sealed record AgentRegistration(string Name, IdentityKind Kind, string Owner, string Purpose, IReadOnlyList<string> Groups, TimeSpan TokenLifetime, string? PublicKey);

/// <summary>An agent that may act now.</summary>
internal sealed record Agent(string Name, IdentityKind Kind, ImmutableArray<string> Allowed, ImmutableArray<string> Own, TimeSpan TokenLifetime);

/// <summary>Agents and services: each is an OAuth client of its own with a person who answers for it. When that person goes, it stops.</summary>
internal sealed class AgentRegistry(IServiceScopeFactory scopes, IStateStore store, ICluster cluster, IAudit audit, BrokerConfig config, TokenRevocations revocations, TimeProvider time)
{
    /// <summary>Longest purpose, characters.</summary>
    public const int LongestPurpose = 500;

    /// <summary><see cref="AgentRow.LastUsedAt"/> is no finer than this, so that a busy agent does not write with every token.</summary>
    private static readonly TimeSpan UseNoted = TimeSpan.FromMinutes(1);

    /// <summary>Registers an agent.</summary>
    /// <returns>Its secret, shown this once; null when it has a key.</returns>
    public async Task<string?> RegisterAsync(AgentRegistration agent, AuditActor? actor, CancellationToken cancel)
    {
        JsonWebKeySet? keys = Check(agent);
        await audit.KeepAsync(new AuditEvent(AuditTypes.AgentCreated, actor) { Object = "agent:" + agent.Name, Details = new Dictionary<string, string> { ["owner"] = agent.Owner, ["kind"] = agent.Kind.ToString().ToLowerInvariant() } }, cancel).ConfigureAwait(false);
        string? secret = keys is null ? Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)) : null;
        await store.WriteAsync(
            async (state, token) =>
            {
                if (!await state.Users.AnyAsync(row => row.Subject == agent.Owner && !row.Disabled, token).ConfigureAwait(false))
                    throw new UserRefusedException($"There is no user {agent.Owner} to answer for it.");
                if (await state.Agents.AnyAsync(row => row.Name == agent.Name, token).ConfigureAwait(false) || await state.Users.AnyAsync(row => row.Subject == agent.Name, token).ConfigureAwait(false))
                    throw new UserRefusedException($"The name {agent.Name} is taken.");
                state.Agents.Add(new AgentRow
                {
                    Id = Guid.CreateVersion7(),
                    Name = agent.Name,
                    Kind = agent.Kind,
                    Owner = agent.Owner,
                    Purpose = agent.Purpose,
                    AllowedGroups = JsonSerializer.Serialize(agent.Groups.Distinct(StringComparer.Ordinal)),
                    TokenLifetime = agent.TokenLifetime,
                    CreatedAt = time.GetUtcNow(),
                });
                return true;
            },
            cancel).ConfigureAwait(false);
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        IOpenIddictApplicationManager manager = scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();
        await manager.CreateAsync(BrokerClients.AgentDescriptor(agent.Name, agent.Purpose, secret, keys), cancel).ConfigureAwait(false);
        return secret;
    }

    /// <summary>Stops an agent, from now on and everywhere, or lets it act again.</summary>
    public async Task SetDisabledAsync(string name, bool disabled, AuditActor? actor, CancellationToken cancel)
    {
        await audit.KeepAsync(new AuditEvent(disabled ? AuditTypes.AgentDisabled : AuditTypes.AgentChanged, actor) { Object = "agent:" + name }, cancel).ConfigureAwait(false);
        int found = await store.WriteAsync((state, token) => state.Agents.Where(row => row.Name == name).ExecuteUpdateAsync(set => set.SetProperty(row => row.Disabled, disabled), token), cancel).ConfigureAwait(false);
        if (found == 0)
            throw new UserRefusedException($"There is no agent {name}.");
        if (disabled)
            await revocations.RevokeAsync([(TokenRevocations.Subject, name, time.GetUtcNow() + BrokerConfig.LongestToken + TimeSpan.FromMinutes(5))], "agent-disabled", cancel).ConfigureAwait(false);
        await cluster.PublishAsync(ClusterEvents.IdentityChanged, JsonSerializer.Serialize(new { subject = name }), cancel).ConfigureAwait(false);
    }

    /// <summary>Agents by name.</summary>
    public Task<List<AgentRow>> ListAsync(string after, int most, CancellationToken cancel) =>
        store.ReadAsync((state, token) => state.Agents.Where(row => string.Compare(row.Name, after) > 0).OrderBy(row => row.Name).Take(most).ToListAsync(token), cancel);

    /// <summary>The agent of a client that has proven itself; null when it, or the person who answers for it, may not act. Notes that it was used.</summary>
    public Task<Agent?> UseAsync(string clientId, CancellationToken cancel) =>
        store.WriteAsync<Agent?>(
            async (state, token) =>
            {
                DateTimeOffset now = time.GetUtcNow();
                AgentRow? row = await state.Agents.SingleOrDefaultAsync(agent => agent.Name == clientId && !agent.Disabled, token).ConfigureAwait(false);
                if (row is null || !await state.Users.AnyAsync(user => user.Subject == row.Owner && !user.Disabled, token).ConfigureAwait(false))
                    return null;
                if (row.LastUsedAt is null || now - row.LastUsedAt > UseNoted)
                    row.LastUsedAt = now;
                ImmutableArray<string> allowed = [.. JsonSerializer.Deserialize<string[]>(row.AllowedGroups) ?? []];
                ImmutableArray<string> granted = await Persons.GroupsAsync(state, row.Name, now, token).ConfigureAwait(false);
                return new Agent(row.Name, row.Kind, allowed, [.. allowed.Union(granted, StringComparer.Ordinal)], row.TokenLifetime);
            },
            cancel);

    /// <summary>The key, when it has one; everything is checked.</summary>
    private JsonWebKeySet? Check(AgentRegistration agent)
    {
        if (!ConfigReader.IsName(agent.Name) || agent.Name != agent.Name.ToLowerInvariant() || agent.Name == config.Audience || agent.Name == config.AdminAudience || agent.Name is BrokerClients.CommandLine or BrokerClients.Console)
            throw new UserRefusedException($"\"{agent.Name}\" is no name for an agent: lower-case letters, digits, '-', '_' and '.'.");
        if (agent.Kind == IdentityKind.Human)
            throw new UserRefusedException("A person is not registered as an agent.");
        if (agent.Purpose.Length is 0 or > LongestPurpose || agent.Purpose.Any(char.IsControl))
            throw new UserRefusedException($"Say in up to {LongestPurpose} characters what it is for.");
        if (agent.Groups.FirstOrDefault(group => !LocalUsers.IsGroup(group)) is { } wrong)
            throw new UserRefusedException($"\"{wrong}\" is no group name.");
        if (agent.Groups.Contains(LocalUsers.Administrators, StringComparer.Ordinal))
            throw new UserRefusedException("An agent cannot be an administrator.");
        if (agent.TokenLifetime < TimeSpan.FromMinutes(1) || agent.TokenLifetime > BrokerConfig.LongestToken)
            throw new UserRefusedException("Its tokens live between a minute and an hour.");
        return agent.PublicKey is null ? null : Key(agent.PublicKey);
    }

    private static JsonWebKeySet Key(string json)
    {
        try
        {
            var key = new JsonWebKey(json);
            if (key.HasPrivateKey)
                throw new UserRefusedException("This is the private key: keep it where the agent is, and register the public one.");
            bool usable = key is { Kty: JsonWebAlgorithmsKeyTypes.EllipticCurve, Crv: JsonWebKeyECTypes.P256 or JsonWebKeyECTypes.P384 or JsonWebKeyECTypes.P521 }
                || (key.Kty == JsonWebAlgorithmsKeyTypes.RSA && key.KeySize >= 2048);
            return usable ? new JsonWebKeySet { Keys = { key } } : throw new UserRefusedException("The key is none to sign with: EC (P-256, P-384, P-521), or RSA of 2048 bits or more.");
        }
        catch (ArgumentException)
        {
            throw new UserRefusedException("This is no JWK (RFC 7517).");
        }
    }
}
