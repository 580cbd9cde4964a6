using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Sallyport.Proxy.Store;

/// <summary>For eng/migrations, which looks at the model only and connects to nothing.</summary>
internal sealed class SqliteDesignTime : IDesignTimeDbContextFactory<SqliteStateContext>
{
    public SqliteStateContext CreateDbContext(string[] args) => new(new DbContextOptionsBuilder<SqliteStateContext>().UseSqlite("Data Source=:memory:").Options);
}

/// <summary>For eng/migrations, which looks at the model only and connects to nothing.</summary>
internal sealed class PostgresDesignTime : IDesignTimeDbContextFactory<PostgresStateContext>
{
    public PostgresStateContext CreateDbContext(string[] args) => new(new DbContextOptionsBuilder<PostgresStateContext>().UseNpgsql("Host=localhost").Options);
}
