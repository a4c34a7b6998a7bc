//! What an account leaves in the object store: for the end of its time here.

use crate::connection::Db;
use crate::error::Result;
use crate::{datasets, jobs, models};
use domain::{JobId, UserId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

/// Keys of all objects that rows of this account name, those of deleted data sets and models included.
///
/// # Errors
/// When a query fails.
pub async fn object_keys(db: &Db, user_id: UserId) -> Result<Vec<String>> {
    use datasets::entity::{Column as D, Entity as Datasets};
    use jobs::entity::{Column as J, Entity as Jobs};
    use models::entity::{Column as M, Entity as Models};
    let query = Datasets::find().select_only().column(D::S3Key).filter(D::UserId.eq(user_id.uuid()));
    let mut keys: Vec<String> = query.into_tuple().all(db.read()).await?;
    for model in Models::find().filter(M::UserId.eq(user_id.uuid())).all(db.read()).await? {
        keys.extend(models::ModelArtifact::try_from(model)?.artifacts.into_iter().map(|file| file.key));
    }
    let ids: Vec<uuid::Uuid> =
        Jobs::find().select_only().column(J::Id).filter(J::UserId.eq(user_id.uuid())).into_tuple().all(db.read()).await?;
    for id in ids {
        for checkpoint in jobs::checkpoints(db, JobId(id)).await? {
            keys.extend(checkpoint.files.iter().map(|file| format!("{}/{}", checkpoint.s3_key, file.name)));
        }
    }
    Ok(keys)
}
