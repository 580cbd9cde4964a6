using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>A person as the store knows them at this moment.</summary>
internal sealed record Person(Guid Id, string Subject, string? DisplayName, string? Email, string? Provider, ImmutableArray<string> Groups);

/// <summary>Looks up persons. What it returns may log in now: the disabled are not found.</summary>
internal sealed class Persons(IStateStore store, TimeProvider time)
{
    /// <summary>Null when unknown or disabled.</summary>
    public Task<Person?> FindAsync(string subject, CancellationToken cancel) =>
        store.ReadAsync<Person?>(
            async (state, token) =>
            {
                UserRow? user = await state.Users.SingleOrDefaultAsync(row => row.Subject == subject && !row.Disabled, token).ConfigureAwait(false);
                return user is null
                    ? null
                    : new Person(user.Id, user.Subject, user.DisplayName, user.Email, user.Provider, await GroupsAsync(state, subject, time.GetUtcNow(), token).ConfigureAwait(false));
            },
            cancel);

    /// <summary>The groups of a person or agent whose time has not ended.</summary>
    public static async Task<ImmutableArray<string>> GroupsAsync(StateContext state, string subject, DateTimeOffset now, CancellationToken cancel)
    {
        List<string> groups = await state.Memberships
            .Where(row => row.Subject == subject && (row.ExpiresAt == null || row.ExpiresAt > now))
            .Select(row => row.Group).Distinct().ToListAsync(cancel).ConfigureAwait(false);
        return [.. groups.Order(StringComparer.Ordinal)];
    }
}
