using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Sallyport.Proxy.Store;

/// <summary>
/// Moves what follows an answer of the database to the thread pool. Sockets complete on the thread that polls them all; reading rows into objects, and whatever a
/// query's author does with them, must not run there.
/// </summary>
internal static class PoolHop
{
    /// <summary>After a command.</summary>
    internal sealed class Commands : DbCommandInterceptor
    {
        public override async ValueTask<DbDataReader> ReaderExecutedAsync(DbCommand command, CommandExecutedEventData eventData, DbDataReader result, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            return result;
        }

        public override async ValueTask<int> NonQueryExecutedAsync(DbCommand command, CommandExecutedEventData eventData, int result, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            return result;
        }

        public override async ValueTask<object?> ScalarExecutedAsync(DbCommand command, CommandExecutedEventData eventData, object? result, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            return result;
        }
    }

    /// <summary>After a login.</summary>
    internal sealed class Connections : DbConnectionInterceptor
    {
        public override async Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default) => await Task.Yield();
    }

    /// <summary>After the begin and the end of a transaction.</summary>
    internal sealed class Transactions : DbTransactionInterceptor
    {
        public override async ValueTask<DbTransaction> TransactionStartedAsync(DbConnection connection, TransactionEndEventData eventData, DbTransaction result, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            return result;
        }

        public override async Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default) => await Task.Yield();
    }
}
